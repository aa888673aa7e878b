/** Two soft notes for a message. Browsers allow sound only after the person has touched the page; before that it stays silent. */
let context: AudioContext | undefined;

export function readySound(): void {
  addEventListener(
    'pointerdown',
    () => {
      context ??= new AudioContext();
    },
    { once: true },
  );
}

export function playMessage(): void {
  if (context?.state !== 'running') return;
  const { currentTime: now } = context;
  for (const [at, pitch] of [
    [0, 660],
    [0.12, 880],
  ] as const) {
    const tone = new OscillatorNode(context, { frequency: pitch });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, now + at);
    gain.gain.linearRampToValueAtTime(0.08, now + at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.25);
    tone.connect(gain).connect(context.destination);
    tone.start(now + at);
    tone.stop(now + at + 0.3);
  }
}
