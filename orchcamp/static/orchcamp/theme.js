// Sets the theme before the first paint; the choice is shared with the administration (key "adminTheme").
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return JSON.parse(localStorage.getItem("adminTheme") ?? '"auto"');
    } catch {
      return "auto";
    }
  };
  const apply = () => {
    const theme = chosen();
    document.documentElement.classList.toggle("dark", theme === "dark" || (theme !== "light" && dark.matches));
  };
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("theme-changed", apply);
  apply();
})();
