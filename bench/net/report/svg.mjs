const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text) => String(text).replaceAll(/[&<>"]/g, (character) => ENTITIES[character]);

/** An SVG element; attributes that are numbers are rounded to a tenth. */
export function element(name, attributes, ...children) {
  const words = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(value * 10) / 10) : value;
    return ` ${key}="${escaped(text)}"`;
  });
  const start = `<${name}${words.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

/** Text content of an element. */
export const text = escaped;
