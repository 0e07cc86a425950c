// Reading needs none of this: it only narrows the list of rules while something is typed.
(function () {
  var rules = document.getElementById("findings");
  if (!rules) return;
  var box = document.createElement("p");
  box.className = "filter";
  var input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter by rule, table, field or value";
  input.setAttribute("aria-label", input.placeholder);
  box.appendChild(input);
  rules.parentNode.insertBefore(box, rules);
  var parts = rules.querySelectorAll("tbody tr, article");
  input.addEventListener("input", function () {
    var wanted = input.value.toLowerCase();
    parts.forEach(function (part) {
      part.classList.toggle("hidden", part.textContent.toLowerCase().indexOf(wanted) < 0 && !part.closest("article:not(.hidden) table"));
    });
  });
})();
