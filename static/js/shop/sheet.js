// The sheet in which an item is made to one's taste: options, quantity and a note, with the price they come to.

import { copyOf, fill, slot } from "../dom.js";
import { cents } from "../money.js";
import { toast } from "../parts/toast.js";
import { add, isOffered, isUnderWay, limitReached, MOST_QUANTITY, namesOf, priced, replace } from "../state/cart.js";
import { cart as cartWords, menu as words } from "../words.js";
import { onShop, setCart, shop } from "./shop.js";

const dialog = () => document.getElementById("sheet");
const form = () => dialog().querySelector("form");
let line = null; // as it stands in the sheet
let drawnOptions = ""; // the options as the sheet shows them
let ready = false;

// `existing` is a line of the cart that is to be changed
export function openSheet(itemId, existing = null) {
  const item = shop.menu?.items.find((each) => each.id === itemId);
  if (!item) return;
  if (!ready) prepare();
  line = existing ?? { id: item.id, quantity: 1, options: usual(item), notes: "" };
  fill(dialog(), { name: item.name, description: item.description, problem: "" });
  fill(dialog(), { allergens: item.allergens.length ? words.contains(item.allergens) : "" });
  form().elements.notes.value = line.notes;
  drawnOptions = "";
  draw();
  dialog().showModal();
}

// The first choice of each option, where it is to be had: nothing else is chosen for anybody.
function usual(item) {
  return item.options
    .filter((option) => option.choices.length && isOffered(option.choices[0]))
    .map((option) => ({ option: option.id, choice: option.choices[0].id }));
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
  const chosen = line.options.find((each) => each.option === option.id)?.choice;
  slot(field, "choices").replaceChildren(
    ...option.choices.map((choice) => {
      const price = cents(choice.price);
      const amount = shop.money(Math.abs(price));
      const added = price === 0 ? "" : price > 0 ? words.extra(amount) : words.less(amount);
      const extra = isOffered(choice) ? added : words.soldOut;
      const node = fill(copyOf("choice"), { name: choice.name, extra });
      const radio = node.querySelector("input");
      const checked = choice.id === chosen && isOffered(choice);
      Object.assign(radio, { name: `option-${option.id}`, value: choice.id, checked, disabled: !isOffered(choice) });
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
  fill(dialog(), { problem: "" });
  draw();
}

function draw() {
  const now = priced(line, shop.menu);
  drawOptions(now.item);
  const price = shop.money(now.total);
  fill(dialog(), { quantity: line.quantity });
  const button = slot(dialog(), "put");
  const missing = now.problems.find(({ option }) => option);
  const gone = now.problems.some(({ code }) => code.startsWith("item_"));
  const label = line.line ? words.change(price) : words.add(price);
  button.textContent = gone ? words.soldOut : missing ? words.choose(missing.option.name) : label;
  button.disabled = now.problems.some(({ code }) => code !== "option_gone");
  dialog().querySelector("[data-more='-1']").disabled = line.quantity <= 1;
  dialog().querySelector("[data-more='1']").disabled = line.quantity >= MOST_QUANTITY;
}

// Drawn again only when the menu's options have changed, so that focus and taps are not lost.
function drawOptions(item) {
  const options = (item?.options ?? []).filter((option) => option.choices.length);
  if (JSON.stringify(options) === drawnOptions) return;
  drawnOptions = JSON.stringify(options);
  slot(dialog(), "options").replaceChildren(...options.map((option) => optionField(option)));
}

function put(event) {
  event.preventDefault();
  read();
  if (slot(dialog(), "put").disabled) return;
  if (isUnderWay(shop.cart)) {
    dialog().close();
    return toast(cartWords.unanswered);
  }
  const made = { ...line, names: namesOf(line, shop.menu) };
  const limit = made.line ? null : limitReached(shop.cart, made);
  if (limit) return fill(dialog(), { problem: cartWords.limit[limit](made.names.item) });
  setCart(made.line ? replace(shop.cart, made) : add(shop.cart, made));
  dialog().close();
  if (!made.line) toast(words.added(made.names.item), { seconds: 2.5 });
}
