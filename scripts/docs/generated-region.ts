// A region of a document that is made by a script, between two comments; what stands around it is written by people.

const begin = (name: string): string => `<!-- begin ${name}: made by npm run docs -->`;
const end = (name: string): string => `<!-- end ${name} -->`;

/** The document with its region made anew. Throws where it has no such region. */
export function withRegion(document: string, name: string, made: string): string {
  const from = document.indexOf(begin(name));
  const to = document.indexOf(end(name));
  if (from < 0 || to < from) throw new Error(`expected a region ${name} in the document, was none`);
  return `${document.slice(0, from)}${begin(name)}\n\n${made.trim()}\n\n${document.slice(to)}`;
}
