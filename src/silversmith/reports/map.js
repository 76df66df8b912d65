"use strict";
const dots = JSON.parse(JSON.parse(document.getElementById("dots").textContent).rows);
const svg = document.getElementById("map"), find = document.getElementById("find"), said = document.getElementById("said");
const NS = "http://www.w3.org/2000/svg";
const most = Math.max(1, ...dots.map((one) => one[3]));
let view = {x: 0, y: 0, zoom: 1};

const nodes = dots.map(([name, x, y, count, group, note]) => {
  const box = document.createElementNS(NS, "g"), dot = document.createElementNS(NS, "circle");
  const text = document.createElementNS(NS, "text"), title = document.createElementNS(NS, "title");
  dot.setAttribute("fill", `oklch(.66 .14 ${(group * 137.5) % 360})`);
  title.textContent = `${name}: ${count} mentions${note ? "\n" + note : ""}`;
  text.textContent = name;
  box.append(title, dot, text);
  svg.append(box);
  const one = {box, dot, text, name: name.toLowerCase(), x, y, count, note};
  box.addEventListener("click", () => { said.textContent = title.textContent.replace("\n", " - "); });
  return one;
});

function draw() {
  const {width, height} = svg.getBoundingClientRect(), half = Math.min(width, height) / 2 - 20;
  const taken = [];
  const order = [...nodes].sort((a, b) => b.count - a.count);
  for (const one of order) {
    const x = width / 2 + (one.x - view.x) * half * view.zoom, y = height / 2 + (one.y - view.y) * half * view.zoom;
    const r = 3 + 17 * Math.sqrt(one.count / most) * Math.min(2, Math.sqrt(view.zoom));
    one.dot.setAttribute("cx", x); one.dot.setAttribute("cy", y); one.dot.setAttribute("r", r);
    const size = Math.min(18, 9 + r / 2), wide = one.name.length * size * 0.52;
    const place = [x + r + 2, y - size / 2, x + r + 2 + wide, y + size / 2];
    const free = x > -50 && y > -50 && x < width + 50 && y < height + 50 &&
      !taken.some((other) => place[0] < other[2] && other[0] < place[2] && place[1] < other[3] && other[1] < place[3]);
    const shown = free || one.box.classList.contains("hit");
    if (shown) taken.push(place);
    one.text.setAttribute("display", shown ? "" : "none");
    one.text.setAttribute("x", place[0]); one.text.setAttribute("y", y + size * 0.35); one.text.setAttribute("font-size", size);
  }
}

function zoom(by, px, py) {
  const {width, height} = svg.getBoundingClientRect(), half = Math.min(width, height) / 2 - 20;
  const before = view.zoom;
  view.zoom = Math.min(60, Math.max(0.8, view.zoom * by));
  view.x += (px - width / 2) / half * (1 / before - 1 / view.zoom);
  view.y += (py - height / 2) / half * (1 / before - 1 / view.zoom);
  draw();
}

function search() {
  const wanted = find.value.trim().toLowerCase();
  let hits = 0;
  for (const one of nodes) {
    const hit = wanted !== "" && (one.name.includes(wanted) || one.note.toLowerCase().includes(wanted));
    hits += hit;
    one.box.classList.toggle("hit", hit);
    one.box.classList.toggle("dim", wanted !== "" && !hit);
  }
  said.textContent = wanted ? `${hits} of ${nodes.length} concepts` : "";
  draw();
}

let held = null;
svg.addEventListener("pointerdown", (event) => { held = {x: event.clientX, y: event.clientY}; });
addEventListener("pointerup", () => { held = null; });
svg.addEventListener("pointermove", (event) => {
  if (!held) return;
  const {width, height} = svg.getBoundingClientRect(), half = (Math.min(width, height) / 2 - 20) * view.zoom;
  view.x -= (event.clientX - held.x) / half;
  view.y -= (event.clientY - held.y) / half;
  held = {x: event.clientX, y: event.clientY};
  draw();
});
svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = svg.getBoundingClientRect();
  zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - box.left, event.clientY - box.top);
}, {passive: false});
svg.addEventListener("keydown", (event) => {
  const {width, height} = svg.getBoundingClientRect(), far = 0.15 / view.zoom;
  const moves = {ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far]};
  if (event.key === "+" || event.key === "=") zoom(1.3, width / 2, height / 2);
  else if (event.key === "-") zoom(1 / 1.3, width / 2, height / 2);
  else if (event.key === "0") { view = {x: 0, y: 0, zoom: 1}; draw(); }
  else if (moves[event.key]) { view.x += moves[event.key][0]; view.y += moves[event.key][1]; draw(); }
  else return;
  event.preventDefault();
});
function picture() {
  const {width, height} = svg.getBoundingClientRect(), page = getComputedStyle(document.body);
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  pen.scale(2, 2);
  pen.fillStyle = page.backgroundColor;
  pen.fillRect(0, 0, width, height);
  const number = (node, name) => Number(node.getAttribute(name));
  for (const {box, dot} of nodes) {
    pen.globalAlpha = box.classList.contains("dim") ? 0.08 : 0.65;
    pen.fillStyle = dot.getAttribute("fill");
    pen.beginPath();
    pen.arc(number(dot, "cx"), number(dot, "cy"), number(dot, "r"), 0, 2 * Math.PI);
    pen.fill();
  }
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  for (const {box, text} of nodes) {
    if (text.getAttribute("display") === "none") continue;
    pen.globalAlpha = box.classList.contains("dim") ? 0.12 : 1;
    pen.font = `${text.getAttribute("font-size")}px ${page.fontFamily}`;
    [pen.strokeStyle, pen.fillStyle] = [page.backgroundColor, page.color];
    pen.strokeText(text.textContent, number(text, "x"), number(text, "y"));
    pen.fillText(text.textContent, number(text, "x"), number(text, "y"));
  }
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${document.title}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

document.getElementById("picture").addEventListener("click", picture);
find.addEventListener("input", search);
addEventListener("resize", draw);
draw();
