// Two soft notes and a buzz. A browser lets a page sound only after a tap, hence the button that switches it on.

let audio = null;

// a phone that was locked suspends the sound; it may sound again once it is looked at or touched
const resume = () => (audio && audio.state !== "running" ? audio.resume().catch(() => {}) : undefined);
if (globalThis.document) {
  for (const name of ["visibilitychange", "pointerdown", "keydown"]) document.addEventListener(name, resume);
}

export const isOn = () => audio !== null;

export function switchChime(on) {
  if (!on) {
    audio?.close();
    audio = null;
    return;
  }
  audio = new AudioContext();
  note(0, 880, 0.08);
}

export async function ring() {
  navigator.vibrate?.([200, 100, 200]);
  await resume();
  for (const [index, pitch] of [659.3, 880, 1318.5].entries()) note(index * 0.28, pitch, 0.3);
}

function note(after, pitch, loudness) {
  if (!audio) return;
  const at = audio.currentTime + after;
  const volume = new GainNode(audio, { gain: 0 });
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(loudness, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 1.2);
  const tone = new OscillatorNode(audio, { type: "sine", frequency: pitch });
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + 1.3);
}
