"use strict";
(function () {
  var box = document.getElementById("find"), said = document.getElementById("found");
  function fold(text) { return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim(); }
  function path(node) {  // the headings above an entry belong to it: 学籍 性别 finds 性别 of 学籍
    var text = "";
    for (var part = node.closest("[data-title]"); part; part = part.parentElement.closest("[data-title]")) text += part.dataset.title + " ";
    return text;
  }
  var items = Array.from(document.querySelectorAll(".items > *"), function (node) {
    return { node: node, text: fold(path(node) + node.textContent) };
  });
  var parts = Array.from(document.querySelectorAll("section"));
  function show() {
    var words = fold(box.value).split(" ").filter(Boolean), number = 0;
    items.forEach(function (item) {
      var hit = words.every(function (word) { return item.text.includes(word); });
      item.node.hidden = !hit;
      number += hit;
    });
    parts.forEach(function (part) {
      part.hidden = words.length > 0 && !part.querySelector(".items > :not([hidden])");
    });
    said.textContent = words.length ? "“" + box.value.trim() + "”：找到 " + number + " 条" : "";
  }
  box.parentElement.hidden = false;
  box.addEventListener("input", show);
  show();
})();
