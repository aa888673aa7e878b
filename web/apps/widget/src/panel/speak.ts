/** Reads staff's words aloud, where the browser has a voice. */

/** Whether this browser can read aloud at all. Voices may come late, so only the means is asked for. */
export const canSpeak = (): boolean => 'speechSynthesis' in globalThis && 'SpeechSynthesisUtterance' in globalThis;

/** The voice that fits best: of the same place, else of the same language. Undefined where the machine has none. */
export function voiceFor(voices: readonly SpeechSynthesisVoice[], locale: string): SpeechSynthesisVoice | undefined {
  const tag = (voice: SpeechSynthesisVoice) => voice.lang.replace('_', '-').toLowerCase();
  const wanted = locale.toLowerCase();
  const language = wanted.split('-')[0]!;
  return voices.find((voice) => tag(voice) === wanted) ?? voices.find((voice) => tag(voice).split('-')[0] === language);
}

/** Begins anew with this text: of two messages at once the newer one counts. Slowly, for those who asked for large type. */
export function speak(text: string, locale: string): void {
  const { speechSynthesis: synthesis } = globalThis;
  const voice = voiceFor(synthesis.getVoices(), locale);
  const words = new SpeechSynthesisUtterance(text);
  words.lang = locale;
  if (voice) words.voice = voice;
  words.rate = 0.85;
  synthesis.cancel();
  synthesis.speak(words);
}

export function hush(): void {
  globalThis.speechSynthesis.cancel();
}
