const form = document.getElementById('sign-in');
const refusal = document.getElementById('refusal');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('[type=submit]');
  button.disabled = true;
  refusal.hidden = true;
  try {
    const response = await fetch('/auth/sign-in', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: form.email.value }),
    });
    if (response.ok) {
      location.assign(form.dataset.goal);
      return;
    }
    const { error } = await response.json();
    refuse(error.message);
  } catch {
    refuse('The site does not answer. Try again in a moment.');
  }
  button.disabled = false;
});

for (const button of document.querySelectorAll('[data-email]')) {
  button.addEventListener('click', () => {
    form.email.value = button.dataset.email;
    form.requestSubmit();
  });
}

function refuse(message) {
  refusal.textContent = message;
  refusal.hidden = false;
  form.email.focus();
}
