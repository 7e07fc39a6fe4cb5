// Shares this page's address, or copies it where there is nothing to share with.

import { toast } from "../parts/toast.js";
import { order as words } from "../words.js";

export function start(button) {
  const url = location.href;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) await navigator.share({ title: words.shareTitle(button.dataset.number), url });
      else {
        await navigator.clipboard.writeText(url);
        toast(words.copied);
      }
    } catch (error) {
      if (error.name !== "AbortError") toast(words.copyFailed);
    }
  });
}
