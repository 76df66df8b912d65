"use strict";
const $ = (id) => document.getElementById(id);
const boot = JSON.parse(document.body.dataset.boot);
let current = boot.case, moved = null, line = Promise.resolve();

// One thing after the other: no key is lost, and none meets a span that is gone.
function queue(work) {
  line = line.then(work).catch((error) => say(error.message, true));
}

async function ask(path, body) {
  const options = body === undefined ? {} : {method: "POST", body: JSON.stringify(body)};
  options.headers = {"x-who": encodeURIComponent(boot.who)};
  const answer = await fetch(path, options);
  const found = await answer.json().catch(() => ({error: answer.statusText}));
  if (!answer.ok) throw new Error(found.error || answer.statusText);
  return found;
}

function say(text, wrong) {
  $("said").textContent = text;
  $("said").className = wrong ? "wrong" : "";
}

function progress(one) {
  const share = one.spans ? Math.round(100 * one.decided / one.spans) : 100;
  $("filled").style.width = share + "%";
  document.querySelector(".bar").setAttribute("aria-valuenow", share);
  const percent = (p) => Math.round(100 * p) + " %";
  $("numbers").textContent = `${one.decided.toLocaleString("en")} of ${one.spans.toLocaleString("en")} decided ` +
    `(${one.accepted} right, ${one.changed} changed, ${one.rejected} no entity); ` +
    `estimated precision ${percent(one.before)} as it came, ${percent(one.now)} now`;
}

function piece(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function place() {
  return moved || {start: current.start, end: current.end};
}

function draw() {
  const text = $("text"), at = place();
  text.replaceChildren();
  const letters = Array.from(current.text);       // offsets count characters, JavaScript counts halves of some
  const part = (a, b) => letters.slice(a, b).join("");
  const marks = current.others.filter((one) => one.end <= at.start || one.start >= at.end)
    .map((one) => ({...one, other: true}));
  marks.push({...at, hue: current.hue, label: current.label});
  marks.sort((a, b) => a.start - b.start || b.end - a.end);
  let done = 0;
  if (current.cut[0]) text.append("… ");
  for (const one of marks) {
    if (one.start < done) continue;
    text.append(part(done, one.start));
    const made = piece("mark", part(one.start, one.end), (one.other ? "other " : "") + "t" + one.hue);
    if (one.other) made.title = one.label; else made.id = "span";
    text.append(made);
    done = one.end;
  }
  text.append(part(done, letters.length));
  if (current.cut[1]) text.append(" …");
  $("span").scrollIntoView({block: "nearest"});
}

function choices() {
  const box = $("choices");
  box.replaceChildren();
  current.top.forEach(([label, p], n) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "t" + boot.labels.indexOf(label) + (label === current.label ? " best" : "");
    made.append(piece("kbd", String(n + 1)), ` ${label} ${p.toFixed(2)}`);
    made.addEventListener("click", () => queue(() => choose(label)));
    box.append(made);
  });
  const rest = boot.labels.filter((label) => !current.top.some(([name]) => name === label));
  if (rest.length) {
    const list = document.createElement("select");
    list.setAttribute("aria-label", "another label");
    list.append(new Option("another …", ""), ...rest.map((label) => new Option(label, label)));
    list.addEventListener("change", () => list.value && queue(() => choose(list.value)));
    box.append(list);
  }
}

async function show(one) {
  current = one;
  moved = null;
  for (const made of document.querySelectorAll("main button")) made.disabled = !one && made.dataset.do !== "undo";
  if (!one) {
    $("where").textContent = "All spans are decided.";
    $("text").replaceChildren();
    $("choices").replaceChildren();
    $("why").replaceChildren();
    return;
  }
  $("where").textContent = `${one.label} in ${one.document}`;
  $("like").textContent = one.similar > 1 ? `all ${one.similar} like it` : "no other like it";
  document.querySelector("[data-do=similar]").disabled = one.similar < 2;
  draw();
  choices();
  $("why").replaceChildren();
  const number = one.number;
  try {
    const found = await ask("/api/why?span=" + number);
    if (current && current.number === number) $("why").innerHTML = found.html;   // made of escaped text
  } catch (error) {
    $("why").textContent = error.message;
  }
}

async function decide(action, label, similar) {
  if (!current) return;
  const body = {span: current.number, action, similar: Boolean(similar)};
  if (label) body.label = label;
  if (moved && !similar) {
    body.action = action === "accept" ? "change" : action;
    if (action !== "reject") {
      body.start = moved.start + current.offset;
      body.end = moved.end + current.offset;
    }
  }
  const told = {accept: "right", reject: "no entity", change: label ? "now " + label : "boundaries moved"}[body.action];
  const found = await ask("/api/decide", body);
  progress(found.progress);
  say(found.decided > 1 ? `${found.decided} spans: ${told}` : told);
  show(found.case);
}

function choose(label) {
  return label === current.label ? decide("accept") : decide("change", label);
}

function move(side, out) {
  if (!current) return;
  const at = place(), words = current.words;
  let first = words.findIndex(([, end]) => end > at.start);
  let last = words.findIndex(([, end]) => end >= at.end);
  if (side === "left") first += out ? -1 : 1; else last += out ? 1 : -1;
  if (first < 0 || last >= words.length || first > last) return;
  moved = {start: words[first][0], end: words[last][1]};
  draw();
}

function marked() {
  const chosen = getSelection();
  if (!current || chosen.isCollapsed || !$("text").contains(chosen.anchorNode)) return;
  const range = chosen.getRangeAt(0), before = document.createRange();
  before.selectNodeContents($("text"));
  before.setEnd(range.startContainer, range.startOffset);
  const lead = current.cut[0] ? 2 : 0;
  const start = Array.from(before.toString()).length - lead;
  const end = start + Array.from(range.toString()).length;
  const inside = current.words.filter(([a, b]) => a < end && b > start);
  if (!inside.length) return;
  moved = {start: inside[0][0], end: inside[inside.length - 1][1]};
  chosen.removeAllRanges();
  draw();
}

async function preview() {
  if (!current || current.similar < 2) return;
  const found = await ask("/api/similar?span=" + current.number);
  $("preview-title").textContent = `${found.count} undecided spans like this one (${current.label})`;
  $("passages").replaceChildren(...found.passages.map((one) => {
    const made = piece("li", one.before);
    made.append(piece("mark", one.text), one.after);
    return made;
  }));
  $("preview").showModal();
}

async function undo() {
  const found = await ask("/api/undo", {});
  progress(found.progress);
  say(found.undone ? `taken back: ${found.undone}` : "nothing to take back");
  if (found.case) show(found.case);
}

const actions = {
  accept: () => decide("accept"),
  reject: () => decide("reject"),
  similar: preview,
  skip: async () => current && show((await ask("/api/next?after=" + current.number)).case),
  undo,
  "left-out": () => move("left", true),
  "left-in": () => move("left", false),
  "right-in": () => move("right", false),
  "right-out": () => move("right", true),
  close: () => $("preview").close(),
  "all-accept": () => { $("preview").close(); return decide("accept", null, true); },
  "all-reject": () => { $("preview").close(); return decide("reject", null, true); },
};
const keys = {a: "accept", Enter: "accept", x: "reject", s: "similar", n: "skip", u: "undo",
  "[": "left-out", "{": "left-in", "}": "right-in", "]": "right-out"};

document.addEventListener("click", (event) => {
  const made = event.target.closest("[data-do]");
  if (made && !made.disabled) queue(actions[made.dataset.do]);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return;
  if (event.key === "Enter" && event.target.closest("button")) return;
  if ($("preview").open) {
    const action = {a: "all-accept", x: "all-reject"}[event.key];
    if (action) queue(actions[action]);
    return;
  }
  if (/^[1-3]$/.test(event.key)) {
    event.preventDefault();
    queue(() => current && current.top[event.key - 1] && choose(current.top[event.key - 1][0]));
  } else if (keys[event.key]) {
    event.preventDefault();
    queue(actions[keys[event.key]]);
  }
});
$("text").addEventListener("mouseup", marked);
progress(boot.progress);
show(current);
