// Colours of the heat map: one ramp of rising lightness, so that it reads without hue and in both themes.

/**
 * From few to many. Source: cividis (Nuñez, Anderton and Renslow, "Optimizing colormaps with consideration for color vision
 * deficiency", PLoS ONE 13(7), 2018), at nine places.
 */
const CIVIDIS = [
  '#00204c',
  '#00336f',
  '#39486b',
  '#575d6d',
  '#707173',
  '#8a8779',
  '#a69d75',
  '#c4b56c',
  '#fee838',
] as const;
export const HEAT_STEPS = CIVIDIS.length;

/** On light ground the ramp runs the other way: what is rare is near the ground in both themes. */
export function heatColour(step: number, isDark: boolean): string {
  return CIVIDIS[isDark ? step : HEAT_STEPS - 1 - step];
}

/** Step of a share of a column's samples, logarithmic: 1 of 1,000 must be seen beside 500 of them. */
export function heatStep(share: number): number {
  const floor = 1e-4;
  const place = 1 - Math.log(Math.max(share, floor)) / Math.log(floor);
  return Math.min(HEAT_STEPS - 1, Math.max(0, Math.floor(place * HEAT_STEPS)));
}
