// A page that waits for a worker asks again every two seconds, as its button does by hand.
const WAIT = 2000;
const again = () => (document.hidden ? setTimeout(again, WAIT) : location.reload());
if (document.querySelector("[data-suivi]")) setTimeout(again, WAIT);
