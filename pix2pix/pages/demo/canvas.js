// A canvas with a pen and an eraser, in a gr.HTML; after each stroke its picture is uploaded and is the value.
const canvas = element.querySelector("canvas");
const context = canvas.getContext("2d");
const strokes = [];
let tool = "pen", current = null, version = 0;

function draw(stroke) {
  const last = stroke.points.length - 1;
  context.strokeStyle = stroke.tool === "pen" ? "black" : "white";
  context.lineWidth = stroke.width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...stroke.points[0]);
  stroke.points.slice(Math.min(1, last)).forEach((point) => context.lineTo(...point));
  context.stroke();
}

function drawAll() {
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  strokes.forEach(draw);
}

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  return [
    ((event.clientX - box.left) * canvas.width) / box.width,
    ((event.clientY - box.top) * canvas.height) / box.height,
  ];
}

async function send() {
  const sent = ++version;
  if (strokes.length === 0) {
    props.value = null;
    return;
  }
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const { path } = await upload(new File([picture], "drawing.png", { type: "image/png" }));
  if (sent === version) props.value = { path, meta: { _type: "gradio.FileData" } };
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || current !== null) return;
  canvas.setPointerCapture(event.pointerId);
  current = { tool, width: tool === "pen" ? props.pen : props.eraser, points: [pointOf(event)] };
  strokes.push(current);
  draw(current);
});
canvas.addEventListener("pointermove", (event) => {
  if (current === null) return;
  current.points.push(pointOf(event));
  draw({ ...current, points: current.points.slice(-2) });
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    if (current === null) return;
    current = null;
    drawAll();
    send();
  });
}
element.querySelector(".tools").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button === null) return;
  if (button.dataset.tool) {
    tool = button.dataset.tool;
    for (const other of element.querySelectorAll("[data-tool]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    return;
  }
  strokes.splice(button.dataset.do === "undo" ? -1 : 0);
  drawAll();
  send();
});
drawAll();
