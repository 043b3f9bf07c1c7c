import { $ } from "./dom.js";
import { Board } from "./board.js";
import { count, time as written } from "./format.js";
import { strategies } from "./strategies.js";

// Race shows the strategies side by side: for each a card with what is locked now, and
// how many queries are answered.
export class Race {
  constructor(list, onChoose) {
    this.cards = strategies.map((strategy) => new Card(list, strategy, onChoose));
    this.show([]);
  }

  // show takes what is recorded, of all strategies or of some.
  show(recordings) {
    const some = recordings.length > 0;
    for (const card of this.cards) {
      const recording = recordings.find((one) => one.strategy === card.name) ?? null;
      card.item.hidden = some && !recording;
      card.show(recording);
    }
    $("told").textContent = "";
    this.cards[0].list.dataset.alone = recordings.length === 1;
  }

  seek(time, counted) {
    for (const card of this.cards) if (card.board.recording) card.seek(time, counted);
    const some = this.cards.map((card) => card.board.recording).filter(Boolean);
    $("told").textContent = some.length > 1 ? told(some, time, counted) : "";
  }

  choose(name) {
    for (const card of this.cards) card.item.dataset.chosen = card.name === name;
  }
}

class Card {
  constructor(list, { name, text }, onChoose) {
    this.name = name;
    this.list = list;
    this.item = document.querySelector("#card").content.firstElementChild.cloneNode(true);
    const part = (what) => this.item.querySelector(`[data-part=${what}]`);
    part("name").textContent = name;
    part("text").textContent = text;
    this.bar = part("bar");
    this.bar.setAttribute("aria-label", `Queries answered by ${name}`);
    this.answered = part("answered");
    this.state = part("state");
    list.append(this.item);
    this.board = new Board(part("board"));
    this.item.addEventListener("click", () => this.board.recording && onChoose(name));
  }

  show(recording) {
    this.board.show(recording);
    if (!recording) {
      this.bar.value = 0;
      this.answered.textContent = "";
      this.state.textContent = "";
      this.state.classList.remove("bad");
      this.item.dataset.over = false;
    }
  }

  seek(time, counted) {
    const { recording } = this.board;
    const at = counted?.get(recording) ?? recording.count(time);
    const total = recording.total;
    this.board.seek(time);
    this.bar.max = total;
    this.bar.value = at.answered + at.failed;
    this.answered.textContent = `${count(at.answered)} of ${count(total)} answered`;
    const over = recording.report && time >= recording.end;
    this.item.dataset.over = Boolean(over);
    this.state.classList.toggle("bad", Boolean(over && at.failed));
    this.state.textContent = over ? verdict(recording, at) : "";
  }
}

function verdict(recording, at) {
  if (recording.cut) return "longer than can be shown";
  return `${at.failed ? `${count(at.failed)} failed` : "done"} after ${written(recording.report.makespan_s * 1000)}`;
}

// told says in a sentence how the race stands.
function told(recordings, time, counted) {
  const over = recordings.filter((recording) => recording.report && time >= recording.end).reverse();
  const others = recordings.filter((recording) => !over.includes(recording)).map((recording) => `${recording.strategy} ${count(counted.get(recording).answered)}`);
  if (over.length === 0) return `After ${written(time)}: queries answered by ${others.join(", ")}.`;
  if (others.length === 0) return `All are through: ${over.map(({ strategy, end }) => `${strategy} after ${written(end)}`).join(", ")}.`;
  const names = over.map((recording) => recording.strategy).join(" and ");
  return `After ${written(time)} ${names} ${over.length > 1 ? "are" : "is"} through; answered so far by ${others.join(", ")}.`;
}
