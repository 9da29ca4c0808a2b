"use strict";
(function () {  // copies, sorts, finds, folds; asks nobody, keeps nothing
  function each(what, act, where) { Array.prototype.forEach.call((where || document).querySelectorAll(what), act); }
  function button(words, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "kc-button kc-screen";
    made.textContent = words;
    made.addEventListener("click", act);
    return made;
  }
  function rows(table) { return Array.from(table.querySelectorAll("tbody > tr:not(.kc-total)")); }
  function plain(text) { return text.normalize("NFKC").toLowerCase(); }
  function fits(box, told) {  // of a pupil's number, its last four
    return plain(box.value).replace(/\b[a-z]*\d{3,8}(?=\d{4}\b)/g, "").split(/\s+/).every(function (word) { return plain(told).includes(word); });
  }
  function text(row, at) { return row.cells[at] ? row.cells[at].textContent.trim() : ""; }

  each(".kc-say", function (say) {  // the text stands there to be selected; the button selects and copies it
    var copy = button("复制催办文字", function () {
      var range = document.createRange(), chosen = getSelection();
      range.selectNodeContents(say);
      chosen.removeAllRanges();
      chosen.addRange(range);
      copy.textContent = document.execCommand("copy") ? "已复制，可以粘贴发送" : "已选中，请按 Ctrl+C";
    });
    say.after(copy);
  });

  function compared(one, other) {  // what is not there last
    if (one === other) return 0;
    if (one === "—" || other === "—") return one === "—" ? 1 : -1;
    var numbers = [parseFloat(one), parseFloat(other)];
    if (!isNaN(numbers[0]) && !isNaN(numbers[1]) && numbers[0] !== numbers[1]) return numbers[0] - numbers[1];
    return one.localeCompare(other, "zh", { numeric: true });
  }
  function sortable(table) {
    each("thead th", function (head, at) {
      function sort() {  // a button in the title would not be printed again on each page
        var down = head.getAttribute("aria-sort") === "ascending", body = table.tBodies[0], last = body.querySelector(".kc-total");
        each("th", function (other) { other.removeAttribute("aria-sort"); }, table);
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        rows(table).sort(function (one, other) {
          return compared(text(one, at), text(other, at)) * (down ? -1 : 1);
        }).forEach(function (row) { body.insertBefore(row, last); });
      }
      head.className = "kc-sort";
      head.title = "点击排序";
      head.tabIndex = 0;
      head.addEventListener("click", sort);
      head.addEventListener("keydown", function (key) { if (key.key === "Enter") sort(); });
    }, table);
  }
  function filtered(table) {
    var box = document.createElement("input"), said = document.createElement("span"), bar = document.createElement("p");
    box.type = "search";
    box.placeholder = "在这张表里找，几个词用空格隔开";
    box.setAttribute("aria-label", box.placeholder);
    box.addEventListener("input", function () {
      var all = rows(table), number = 0;
      all.forEach(function (row) {
        row.hidden = !fits(box, row.textContent);
        number += !row.hidden;
      });
      said.textContent = box.value.trim() ? " 找到 " + number + " 行，共 " + all.length + " 行" : "";
    });
    bar.className = "kc-filter kc-screen";
    bar.append(box, said);
    table.parentElement.before(bar);
  }
  each(".kc-scroll > table", function (table) {
    if (table.closest(".kc-paper") || !table.tHead) return;
    if (rows(table).length > 5) sortable(table);
    if (rows(table).length > 15) filtered(table);
  });

  each(".kc-search", function (part) {  // folds before rows
    var box = part.querySelector("input"), said = part.querySelector("output"), held = [[], []];
    each("[data-find]", function (one) {
      var fold = one.closest("details"), row = one.closest("tr"), to = one.querySelector("a[href]");
      var link = document.createElement("a");
      link.href = row && to ? to.href : "#" + one.id;
      link.textContent = (row ? [text(row, 0), text(row, 1), text(row, 2)] : []).concat(fold ? fold.firstElementChild.textContent : []).join("　");
      held[+!!row].push(link);
    });
    box.addEventListener("input", function () {
      var hits = held[0].concat(held[1]).filter(function (link) { return box.value.trim() && fits(box, link.textContent); });
      part.querySelector("nav").replaceChildren(...hits.slice(0, 20));
      said.textContent = box.value.trim() && "找到 " + hits.length + " 处（至多列 20 处）";
    });
    part.hidden = false;
  });

  var folds = document.querySelectorAll("details"), bar = document.querySelector(".kc-nav");
  if (bar && folds.length > 1) {
    var all = button("全部展开", function () {
      var open = all.textContent === "全部展开";
      each("details", function (fold) { fold.open = open; });
      all.textContent = open ? "全部收起" : "全部展开";
    });
    bar.append(all);
  }
  function reach() {  // a link into a fold opens it
    var to = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var fold = to && to.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (to) to.scrollIntoView();
  }
  addEventListener("hashchange", reach);
  reach();
})();
