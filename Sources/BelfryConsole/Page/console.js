// The page's beginning.

const themes = ["system", "light", "dark"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = { system: "Auto", light: "Light", dark: "Dark" }[theme];
  byId("theme").setAttribute("aria-label", `Theme: ${theme}`);
  try {
    localStorage.setItem("belfry.theme", theme);
  } catch {
    // Where nothing may be kept it holds for this visit.
  }
}

function keptTheme() {
  try {
    return themes.find((theme) => theme === localStorage.getItem("belfry.theme")) ?? "system";
  } catch {
    return "system";
  }
}

setTheme(keptTheme());
byId("theme").hidden = false;
byId("theme").addEventListener("click", () => {
  setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]);
});

drawCards();
drawConnections();
const alertWatch = new AlertWatch();
const feed = new Feed((status, points) => {
  byId("console").hidden = false;
  showVerdict(status);
  showCards(status, points);
  showHealth(status);
  showConnections(status);
  alertWatch.look(status);
});
whileSeen(byId("top"), showTop);
whileSeen(byId("connections"), listConnections);
