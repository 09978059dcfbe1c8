// Asks for the token, and keeps it for this tab alone: in sessionStorage, never in an address.

import { byId } from './element.ts';

const KEY = 'millrace-token';

export class TokenDialog {
  private readonly dialog = byId('token-dialog') as HTMLDialogElement;
  private readonly input = byId('token') as HTMLInputElement;
  private readonly given: (token: string) => void;
  private wasGiven = false;

  constructor(given: (token: string) => void) {
    this.given = given;
    byId('token-button').addEventListener('click', () => this.show('The engine is told it with every connection.'));
    byId('token-cancel').addEventListener('click', () => this.dialog.close());
    byId('token-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.take();
    });
  }

  /** '' where there is none. */
  get kept(): string {
    return sessionStorage.getItem(KEY) ?? '';
  }

  private take(): void {
    sessionStorage.setItem(KEY, this.input.value);
    this.wasGiven = this.input.value !== '';
    this.input.value = '';
    this.dialog.close();
    this.given(this.kept);
  }

  /** The engine refused. */
  ask(): void {
    this.show(this.wasGiven ? 'The engine did not take that token.' : 'This engine answers only with a token.');
  }

  private show(why: string): void {
    byId('token-why').textContent = why;
    if (!this.dialog.open) this.dialog.showModal();
    this.input.focus();
  }
}
