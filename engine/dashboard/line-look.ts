// How lines differ: a colour that colour-blind people tell apart, and dashes for those who see none.

const SVG = 'http://www.w3.org/2000/svg';
const SAMPLE_PX = 26;

export type LineLook = {
  readonly dash: number[];
  readonly width: number;
  colour(isDark: boolean): string;
  /** A short line for a legend; decoration for readers of the screen. */
  sample(): SVGSVGElement;
};

/**
 * On light and on dark ground. Source: Okabe and Ito, "Color Universal Design" (2008), darkened or lightened until each
 * has a contrast of 3 with its ground.
 */
const LOOKS = [
  { light: '#0063a6', dark: '#5cb3ff', dash: [], width: 1.75 },
  { light: '#b84a00', dark: '#f0a03c', dash: [7, 3], width: 1.75 },
  { light: '#00795a', dark: '#34c9a0', dash: [2, 3], width: 2 },
  { light: '#a03c7a', dark: '#e59cc8', dash: [9, 3, 2, 3], width: 1.75 },
  { light: '#6b5d00', dark: '#e8dc5a', dash: [4, 2], width: 1.75 },
  { light: '#171c23', dark: '#ffffff', dash: [], width: 2.75 },
] as const;

export function lineLook(look: number): LineLook {
  const { light, dark, dash, width } = LOOKS[look % LOOKS.length];
  return {
    dash: [...dash],
    width,
    colour: (isDark) => (isDark ? dark : light),
    sample: () => sample(look % LOOKS.length, [...dash], width),
  };
}

/** Its colour comes from the style sheet, which knows the theme. */
function sample(look: number, dash: number[], width: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const line = document.createElementNS(SVG, 'line');
  const attributes = { x1: 0, x2: SAMPLE_PX, y1: 5, y2: 5, 'stroke-width': width, 'stroke-dasharray': dash.join(' ') };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, String(value));
  svg.setAttribute('class', `sample look-${look}`);
  svg.setAttribute('viewBox', `0 0 ${SAMPLE_PX} 10`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(line);
  return svg;
}
