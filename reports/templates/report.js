// Draws every chart of the page. Ink and grid are the page's own colours, so that a change to dark,
// or to paper, needs no drawing anew. Legends and choices are elements of the page: a keyboard and
// a screen reader find them, and they wrap on a phone.
const narrow = window.matchMedia("(max-width: 40rem)").matches;
const config = {
  aria: false,
  background: null,
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: "var(--quiet)",
    titleColor: "var(--quiet)",
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    gridColor: "var(--line)",
    gridOpacity: 0.6,
    titleFontWeight: "normal",
    labelFontSize: 12,
    titleFontSize: 12,
  },
  axisX: { labelFlush: false },
  axisY: { minExtent: narrow ? 0 : 48, labelLimit: narrow ? 150 : 260 },
  legend: {
    orient: "top",
    direction: "horizontal",
    labelColor: "var(--ink)",
    titleColor: "var(--quiet)",
    titleFontWeight: "normal",
    titleOrient: "left",
    labelFontSize: 12,
    titleFontSize: 12,
    symbolSize: 200,
    symbolStrokeWidth: 0,
  },
};

// The drawing code is carried packed, which makes the page half as large.
async function unpack() {
  const packed = atob(document.getElementById("vega").textContent);
  const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = await new Response(stream).text();
  new Function(`"use strict";${code}`)();
}

// Between the margins of A4, and of US Letter: as wide as a screen, a chart's words would be tiny.
const PAPER_WIDTH = 690;
const drawn = [];

async function draw(figure) {
  const spec = JSON.parse(figure.querySelector("script").textContent);
  const place = figure.querySelector(".chart");
  const options = { renderer: "svg", actions: false, config, tooltip: { theme: "custom" } };
  const { view } = await window.vegaEmbed(place, spec, options);
  // The caption and the tables say it in words; the shapes by themselves say nothing.
  place.setAttribute("role", "img");
  place.removeAttribute("aria-roledescription");
  place.querySelector("svg").setAttribute("aria-hidden", "true");
  const switches = [...figure.querySelectorAll("[data-series]")];
  const choice = figure.querySelector("[data-signal]");
  for (const button of switches) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", button.ariaPressed === "true" ? "false" : "true");
      const off = switches.filter((each) => each.ariaPressed === "false");
      view.signal("hidden", off.map((each) => each.dataset.series)).runAsync();
    });
  }
  choice?.addEventListener("change", () => {
    view.signal(choice.dataset.signal, Number(choice.value)).runAsync();
  });
  drawn.push({ view, place });
  figure.dataset.drawn = "";
}

// Only what does scroll has to be reached by the keyboard.
function settleScrolling() {
  for (const area of document.querySelectorAll(".scroll")) {
    area.tabIndex = area.scrollWidth > area.clientWidth ? 0 : -1;
  }
}

// A click on a column's name sorts by it: numbers from the largest, the same again the other way.
function value(row, column) {
  const text = row.cells[column].textContent;
  const number = Number.parseFloat(text.replace(/less than|[$,%]/g, ""));
  return Number.isNaN(number) ? text : number;
}

function sortable(table) {
  const heads = [...table.tHead.rows].at(-1).cells;
  const body = table.tBodies[0];
  [...heads].forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const numbers = head.classList.contains("text") === false && column > 0;
      const before = head.ariaSort;
      const falling = before ? before === "ascending" : numbers;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.ariaSort = falling ? "descending" : "ascending";
      const sign = falling ? -1 : 1;
      const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const rows = [...body.rows].sort((a, b) => sign * compare(value(a, column), value(b, column)));
      body.append(...rows);
    });
  });
}
document.querySelectorAll("table[data-sorts]").forEach(sortable);

// On paper there is nothing to unfold, and charts are as wide as the paper.
const folded = () => document.querySelectorAll("details:not([open])");
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...folded()];
  for (const each of unfolded) each.open = true;
  for (const { view } of drawn) view.width(PAPER_WIDTH).runAsync();
});
addEventListener("afterprint", () => {
  for (const each of unfolded) each.open = false;
  for (const { view, place } of drawn) view.width(place.clientWidth).runAsync();
});
addEventListener("resize", settleScrolling);
document.addEventListener("toggle", settleScrolling, true);
settleScrolling();

const figures = [...document.querySelectorAll("figure[data-chart]")];
if (figures.length) {
  try {
    await unpack();
    await Promise.all(figures.map(draw));
  } catch (error) {
    for (const figure of figures.filter((each) => !("drawn" in each.dataset))) {
      const said = "The chart could not be drawn; the tables hold its numbers.";
      figure.querySelector(".chart").replaceChildren(said);
    }
    console.error(`charts: ${error}`);
  }
}
