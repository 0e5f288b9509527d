// Runs on every page of the site.

const THEMES = ['os', 'light', 'dark'];
const NAMES = { os: 'as the system', light: 'light', dark: 'dark' };

/** A button for the theme in the bar at the top; the generator has a list, deep in the settings. */
function addThemeSwitch() {
  const list = document.getElementById('tsd-theme');
  const button = document.createElement('button');
  button.type = 'button';
  button.id = 'theme-switch';
  button.className = 'tsd-widget';
  button.textContent = '◐';
  const label = () => {
    const text = `Theme: ${NAMES[list.value] ?? list.value}`;
    button.setAttribute('aria-label', text);
    button.title = text;
  };
  button.addEventListener('click', () => {
    list.value = THEMES[(THEMES.indexOf(list.value) + 1) % THEMES.length];
    list.dispatchEvent(new Event('change'));
  });
  list.addEventListener('change', label);
  label();
  document.getElementById('tsd-search-trigger').before(button);
}

/** Looks for what was typed before the index was there; the generator then empties the line of its state. */
function searchAgainWhenReady() {
  const status = document.getElementById('tsd-search-status');
  const observer = new MutationObserver(() => {
    if (status.textContent !== '') return;
    observer.disconnect();
    document.getElementById('tsd-search-input').dispatchEvent(new Event('input'));
  });
  observer.observe(status, { childList: true });
}

/** Loads the index of the search when its dialog opens for the first time. */
function loadSearchOnDemand() {
  const dialog = document.getElementById('tsd-search');
  const script = document.getElementById('tsd-search-script');
  const observer = new MutationObserver(() => {
    observer.disconnect();
    script.src = script.dataset.src;
  });
  observer.observe(dialog, { attributes: true, attributeFilter: ['open'] });
  searchAgainWhenReady();
}

addThemeSwitch();
loadSearchOnDemand();
// Keys scroll what has the focus.
for (const section of document.querySelectorAll('.scrolls, pre')) section.tabIndex = 0;
