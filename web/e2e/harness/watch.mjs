/** What a browser says of its own when the network fails; expected only while the server is down or the page offline. */
const NETWORK =
  /net::ERR_|WebSocket connection to .* failed|Failed to fetch|NetworkError|Firefox can’t establish a connection|The connection to .* was interrupted/;

/** Collects what went wrong on a page: errors of scripts, of the console (violated policies too), and answers nobody expected. */
export class Watch {
  faults = [];
  /** These and what was allowed. */
  seen = [];
  #allowed = [];
  #isNetworkUp;

  constructor(page, isNetworkUp) {
    this.#isNetworkUp = isNetworkUp;
    page.on('pageerror', (error) => this.#fault(error.stack ?? String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#fault(`${message.text()} ${message.location().url}`);
    });
    page.on('crash', () => this.#fault('the page crashed'));
  }

  /** From now on an error like this is part of the story. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  #fault(text) {
    this.seen.push(text);
    if (NETWORK.test(text) && !this.#isNetworkUp()) return;
    if (!this.#allowed.some((pattern) => pattern.test(text))) this.faults.push(text);
  }
}
