import { timeAt } from "./timeline-draw.js";

// navigate lets a timeline be zoomed and moved by mouse, touch and keyboard. The wheel
// zooms with Ctrl, or once the picture has the focus; else it scrolls the page, which
// nobody wants to get stuck on.
export function navigate(timeline) {
  const { box, canvas } = timeline;
  const fingers = new Map();
  const place = (event) => {
    const area = canvas.getBoundingClientRect();
    return { x: event.clientX - area.left, y: event.clientY - area.top };
  };
  const around = (x) => timeAt(timeline.layout, timeline.view, x);

  canvas.addEventListener("wheel", (event) => {
    if (!timeline.layout) return;
    const wanted = event.ctrlKey || event.metaKey || document.activeElement === box;
    if (wanted && event.deltaY) {
      timeline.zoomBy(Math.exp(-event.deltaY / 300), around(place(event).x));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && timeline.zoom > 1) {
      timeline.panBy(event.deltaX / canvas.clientWidth);
    } else {
      return;
    }
    event.preventDefault();
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, place(event));
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId), now = place(event);
    timeline.point(now.x, now.y);
    if (!before || !timeline.layout) return;
    const width = canvas.clientWidth - timeline.layout.left;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = Math.max(10, Math.abs(now.x - other.x)) / Math.max(10, Math.abs(before.x - other.x));
      timeline.zoomBy(apart, around((now.x + other.x) / 2));
    } else {
      timeline.panBy((before.x - now.x) / width);
    }
    fingers.set(event.pointerId, now);
  });
  for (const over of ["pointerup", "pointercancel"]) canvas.addEventListener(over, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => timeline.point());

  const keys = {
    ArrowLeft: () => timeline.panBy(-0.1), ArrowRight: () => timeline.panBy(0.1),
    "+": () => timeline.zoomBy(1.5), "=": () => timeline.zoomBy(1.5), "-": () => timeline.zoomBy(1 / 1.5),
    0: () => timeline.reset(), Home: () => timeline.panBy(-Infinity), End: () => timeline.panBy(Infinity),
    Escape: () => timeline.point(),
  };
  box.addEventListener("keydown", (event) => {
    const act = !event.ctrlKey && !event.metaKey && !event.altKey && event.target === box && keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
