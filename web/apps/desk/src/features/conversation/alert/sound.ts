import type { Signal } from './signal.ts';

/** Three that cannot be mistaken for each other: two notes up, one short note, three low ones. [start s, pitch Hz] */
const NOTES: Record<Signal, readonly (readonly [number, number])[]> = {
  conversation: [
    [0, 660],
    [0.16, 990],
  ],
  message: [[0, 784]],
  waiting: [
    [0, 392],
    [0.2, 392],
    [0.4, 392],
  ],
};
const LENGTH = 0.22;

let context: AudioContext | undefined;

/** Browsers allow sound only after the person has touched the page. */
export function readySound(): void {
  for (const touch of ['pointerdown', 'keydown'])
    addEventListener(
      touch,
      () => {
        context ??= new AudioContext();
      },
      { once: true },
    );
}

/** `volume` 0–1. */
export function play(signal: Signal, volume: number): void {
  if (volume === 0 || context?.state !== 'running') return;
  const { currentTime: now, destination } = context;
  for (const [at, frequency] of NOTES[signal]) {
    const tone = new OscillatorNode(context, { frequency });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, now + at);
    gain.gain.linearRampToValueAtTime(volume, now + at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, now + at + LENGTH);
    tone.connect(gain).connect(destination);
    tone.start(now + at);
    tone.stop(now + at + LENGTH);
  }
}
