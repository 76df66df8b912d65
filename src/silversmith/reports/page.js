(() => {
  "use strict";
  const one = (what) => document.querySelector(what);
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const documents = one("#documents"), pane = one("#pane"), body = one("#evidence");
  const marks = all("mark[data-k]", documents), hidden = new Set();
  const parsed = {};
  const data = (id) => (parsed[id] ??= JSON.parse(one("#" + id)?.textContent ?? "{}"));
  let opener = null;

  const close = () => {
    all("mark.open").forEach((mark) => mark.classList.remove("open"));
    pane.classList.add("closed");
    body.innerHTML = '<p class="hint">Choose a span to see why it got its label.</p>';
    opener?.focus({ preventScroll: true });
    opener = null;
  };
  const open = (mark, button) => {
    const [number, index] = mark.dataset.k.split(":");
    const html = data("why-" + number)[index];
    if (!html) return;
    all("mark.open").forEach((other) => other.classList.remove("open"));
    all(`mark[data-k="${mark.dataset.k}"]`).forEach((piece) => piece.classList.add("open"));
    body.innerHTML = html;
    all("[data-leaf]", body).forEach((list) => (list.innerHTML = data("leaves")[list.dataset.leaf] ?? ""));
    pane.classList.remove("closed");
    pane.scrollTop = 0;
    opener = button;
    const heading = body.querySelector("h3");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  };
  const filter = () => {
    const least = Number(one("#least").value);
    const shown = new Set();
    for (const mark of marks) {
      const off = hidden.has(mark.classList[0]) || Number(mark.dataset.p ?? 100) < least;
      mark.classList.toggle("off", off);
      if (!off) shown.add(mark.dataset.k);
    }
    const total = new Set(marks.map((mark) => mark.dataset.k)).size;
    one("#shown").textContent = `${shown.size.toLocaleString("en")} of ${total.toLocaleString("en")} spans`;
    one("#least-shown").textContent = least + " %";
    documents.classList.toggle("mistakes", Boolean(one("#mistakes")?.checked));
  };

  documents.addEventListener("click", (event) => {
    if (String(getSelection())) return;
    let mark = event.target.closest("mark[data-k]");
    while (mark?.classList.contains("off")) mark = mark.parentElement.closest("mark[data-k]");
    if (mark) open(mark, event.target.closest("button") ?? mark.querySelector(":scope > .tail > button"));
  });
  one(".close").addEventListener("click", close);
  addEventListener("keydown", (event) => event.key === "Escape" && close());
  one(".tools").addEventListener("input", (event) => {
    const type = event.target.dataset.type;
    if (type) hidden[event.target.checked ? "delete" : "add"](type);
    filter();
  });
  filter();
})();
