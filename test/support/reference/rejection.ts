// Owns how the referee says that a frame is malformed: one error class with INTERFACES' category.

export type Category = 'syntax' | 'shape' | 'missing-field' | 'type' | 'range' | 'precision';

export class Rejected extends Error {
  readonly category: Category;

  constructor(category: Category, message: string) {
    super(`${category}: ${message}`);
    this.category = category;
  }
}
