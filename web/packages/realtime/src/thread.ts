import type { Entry, Seq } from './wire.ts';

/** Where an entry's claim begins: the hidden range before it counts as held with it. */
const startOf = (entry: Entry): Seq => entry.hidden?.[0] ?? entry.seq;

/**
 * The entries of one conversation, always without holes from `floor` to `held`. What comes too early waits aside until the hole is filled;
 * what comes twice is dropped. Pure: no clock, no network.
 */
export class Thread {
  #entries: Entry[] = [];
  readonly #early = new Map<Seq, Entry>();
  readonly #keepRecalled: boolean;
  #floor: Seq;
  #held: Seq;

  /** Begins to hold after `floor`; 0 = from the first entry on. */
  constructor(floor: Seq, keepRecalled = false) {
    this.#floor = floor;
    this.#held = floor;
    this.#keepRecalled = keepRecalled;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }
  get held(): Seq {
    return this.#held;
  }
  get floor(): Seq {
    return this.#floor;
  }
  /** Something waits for what is missing before it. */
  get hasGap(): boolean {
    return this.#early.size > 0;
  }

  /** Takes an entry in any order; returns those that became visible by it, in order. */
  take(entry: Entry): Entry[] {
    if (entry.seq <= this.#held) {
      this.#amend(entry);
      return [];
    }
    this.#early.set(entry.seq, entry);
    const shown: Entry[] = [];
    for (let next = this.#follower(); next; next = this.#follower()) {
      this.#early.delete(next.seq);
      this.#held = next.seq;
      this.#entries.push(next);
      this.#obey(next);
      shown.push(next);
    }
    return shown;
  }

  /** Puts an older page before what is held. `complete` = nothing is older. */
  prepend(page: readonly Entry[], complete: boolean): void {
    const older = page.filter((entry) => entry.seq <= this.#floor);
    this.#entries = [...older, ...this.#entries];
    const [first] = older;
    this.#floor = complete || !first ? 0 : startOf(first) - 1;
    for (const entry of this.#entries) this.#obey(entry);
  }

  #follower(): Entry | undefined {
    for (const entry of this.#early.values()) {
      if (entry.seq <= this.#held) this.#early.delete(entry.seq);
      else if (startOf(entry) <= this.#held + 1) return entry;
    }
    return undefined;
  }

  /** A second copy matters only if its body has been taken away since. */
  #amend(copy: Entry): void {
    if (copy.erased || copy.recalled) this.#replace(copy.seq, () => copy);
  }

  /** Recall and erasure are entries themselves that name their target. */
  #obey(entry: Entry): void {
    if (entry.kind !== 'system' || !entry.body) return;
    const { code, params } = entry.body;
    const target = Number(params.target);
    const first = Number(params.from ?? target);
    if (code === 'recalled' && this.#keepRecalled) this.#replace(target, (old) => ({ ...old, recalled: true }));
    else if (code === 'recalled')
      this.#replace(target, (old) => ({ ...old, recalled: true, body: undefined, fallback: '' }));
    else if (code === 'erased') this.#erase(first, target);
  }

  /** Everything people wrote from one place to another; the words stand in the fallback too. */
  #erase(first: Seq, last: Seq): void {
    this.#entries = this.#entries.map((entry) =>
      entry.kind !== 'system' && entry.seq >= first && entry.seq <= last
        ? { ...entry, erased: true, body: undefined, fallback: '' }
        : entry,
    );
  }

  #replace(seq: Seq, change: (old: Entry) => Entry): void {
    this.#entries = this.#entries.map((entry) => (entry.seq === seq ? change(entry) : entry));
  }
}
