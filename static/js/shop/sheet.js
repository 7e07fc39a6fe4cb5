// The sheet in which an item is made to one's taste: options, quantity and a note, with the price they come to.

import { copyOf, fill, slot } from "../dom.js";
import { cents } from "../money.js";
import { toast } from "../parts/toast.js";
import { add, isUnderWay, MOST_QUANTITY, priced, replace } from "../state/cart.js";
import { cart as cartWords, menu as words } from "../words.js";
import { onShop, setCart, shop } from "./shop.js";

const dialog = () => document.getElementById("sheet");
const form = () => dialog().querySelector("form");
let line = null; // as it stands in the sheet
let ready = false;

// `existing` is a line of the cart that is to be changed
export function openSheet(itemId, existing = null) {
  const item = shop.menu?.items.find((each) => each.id === itemId);
  if (!item) return;
  if (!ready) prepare();
  line = existing ?? { id: item.id, quantity: 1, options: [], notes: "" };
  fill(dialog(), { name: item.name, description: item.description });
  fill(dialog(), { allergens: item.allergens.length ? words.contains(item.allergens) : "" });
  slot(dialog(), "options").replaceChildren(...item.options.map((option) => optionField(option)));
  form().elements.notes.value = line.notes;
  draw();
  dialog().showModal();
}

function prepare() {
  ready = true;
  form().addEventListener("change", read);
  form().addEventListener("input", read);
  form().addEventListener("submit", put);
  for (const button of dialog().querySelectorAll("[data-more]")) {
    button.addEventListener("click", () => {
      const quantity = Math.min(MOST_QUANTITY, Math.max(1, line.quantity + Number(button.dataset.more)));
      line = { ...line, quantity };
      draw();
    });
  }
  onShop(() => dialog().open && draw());
}

function optionField(option) {
  const field = fill(copyOf("option"), { name: option.name });
  const chosen = line.options.find((each) => each.option === option.id)?.choice ?? option.choices[0]?.id;
  slot(field, "choices").replaceChildren(
    ...option.choices.map((choice) => {
      const price = cents(choice.price);
      const amount = shop.money(Math.abs(price));
      const extra = price === 0 ? "" : price > 0 ? words.extra(amount) : words.less(amount);
      const node = fill(copyOf("choice"), { name: choice.name, extra });
      const radio = node.querySelector("input");
      Object.assign(radio, { name: `option-${option.id}`, value: choice.id, checked: choice.id === chosen });
      radio.dataset.option = option.id;
      return node;
    }),
  );
  return field;
}

function read() {
  const radios = [...form().querySelectorAll("input[type=radio]:checked")];
  const options = radios.map((radio) => ({ option: radio.dataset.option, choice: radio.value }));
  line = { ...line, options, notes: form().elements.notes.value.trim() };
  draw();
}

function draw() {
  const now = priced(line, shop.menu);
  const price = shop.money(now.total);
  fill(dialog(), { quantity: line.quantity });
  const button = slot(dialog(), "put");
  button.textContent = now.orderable ? (line.line ? words.change(price) : words.add(price)) : words.soldOut;
  button.disabled = !now.orderable;
  dialog().querySelector("[data-more='-1']").disabled = line.quantity <= 1;
}

function put(event) {
  event.preventDefault();
  read();
  if (isUnderWay(shop.cart)) {
    dialog().close();
    return toast(cartWords.unanswered);
  }
  setCart(line.line ? replace(shop.cart, line) : add(shop.cart, line));
  dialog().close();
  if (!line.line) toast(words.added(priced(line, shop.menu).item.name), { seconds: 2.5 });
}
