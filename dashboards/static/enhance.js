// What is nice to have: ages beside times, and tables that filter and sort. Every page is complete without it.
"use strict";

const UNITS = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const MOST = 600;

function showAges() {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
    time.title = words.format(Math.round(seconds / size), unit);
  }
}

function valueOf(row, column) {
  const cell = row.cells[column];
  const time = cell.querySelector("time");
  const text = cell.textContent.trim();
  if (time) return time.dateTime;
  return cell.classList.contains("number") ? text.replaceAll(",", "") : text;
}

function sortBy(table, column, head) {
  const body = table.tBodies[0];
  const descending = head.getAttribute("aria-sort") === "ascending";
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const rows = [...body.rows].sort((a, b) => compare(valueOf(a, column), valueOf(b, column)));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  body.append(...(descending ? rows.reverse() : rows));
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(table, column, head));
    head.append(button);
  });
}

function makeFilterable(table) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 10) return;
  const label = document.createElement("label");
  const field = document.createElement("input");
  label.className = "find";
  label.append("Filter these rows ", field);
  field.type = "search";
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  table.parentElement.before(label);
}

showAges();
for (const table of document.querySelectorAll("table[data-enhance]")) {
  if (table.tBodies[0].rows.length > MOST) continue;
  makeSortable(table);
  makeFilterable(table);
}
