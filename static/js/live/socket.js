// One websocket; one that has been silent for too long counts as closed.

export const SILENT_AFTER_MS = 25_000;
export const OPEN_WITHIN_MS = 10_000;
export const WORTH_A_LOOK_AFTER_MS = 12_000;

export function openSocket(environment, path, { onMessage, onClose }) {
  const socket = environment.open(path);
  let lastMessageAt = environment.now();
  let hadMessage = false;
  let over = false;

  function end(code) {
    if (over) return;
    over = true;
    socket.onmessage = socket.onclose = socket.onerror = null;
    try {
      socket.close();
    } catch {
      // it never opened
    }
    onClose(code);
  }

  socket.onmessage = ({ data }) => {
    if (over) return;
    lastMessageAt = environment.now();
    hadMessage = true;
    onMessage(JSON.parse(data));
  };
  socket.onclose = ({ code }) => end(code);

  return {
    end,
    // to be called now and then: ends a socket that has gone quiet
    watch(timeoutMs = hadMessage ? SILENT_AFTER_MS : OPEN_WITHIN_MS) {
      if (environment.now() - lastMessageAt > timeoutMs) end(0);
    },
  };
}
