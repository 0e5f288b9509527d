// Prints the status and the body that a URL gives.
const response = await fetch(process.argv[2]);
console.log(JSON.stringify({ status: response.status, body: await response.text() }));
