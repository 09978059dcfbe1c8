// Makes elements. Texts of markets and signals come from outside: they become text nodes, never markup.

type Attributes = Readonly<Record<string, string>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** An element of the page's own markup. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`expected #${id} in the page, was absent`);
  return found;
}

/** Writes only what differs, so that the browser lays out only what moved. */
export function setText(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

export function setClass(target: Element, name: string): void {
  if (target.className !== name) target.className = name;
}

/** A labelled select; the label is for readers of the screen. */
export function select(label: string, options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement {
  const made = element('select', { 'aria-label': label });
  for (const [value, text] of options) made.append(element('option', { value }, text));
  return made;
}
