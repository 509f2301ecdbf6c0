// Numbers as pictures, and how pictures lie beside each other.
import t from 'tap';
import { greatest, paintPlanes, rgbOf, sizeThatFits, strongest, tile, type MapColors } from '../../../../src/dashboard/pages/try/maps.js';

const colors: MapColors = { zero: [0, 0, 0], positive: [0, 0, 200], negative: [200, 100, 0] };

t.test('each plane has its numbers, in the colours of their signs', async (t) => {
  // Two planes of 1 by 2, whose numbers alternate.
  const rgba = paintPlanes({ height: 1, width: 2, count: 2, values: Float32Array.of(4, -2, 1, NaN) }, colors);
  t.same([...rgba], [0, 0, 200, 255, 0, 0, 50, 255, 100, 50, 0, 255, 0, 0, 0, 0], 'by the greatest of all; what is no number is left out');
  t.same([...paintPlanes({ height: 1, width: 1, count: 1, values: Float32Array.of(0) }, colors)], [0, 0, 0, 255], 'nothing but zeros is the ground');
  t.equal(greatest(Float32Array.of(-3, NaN, Infinity, 2)), 3);
  t.same(rgbOf('#0b5cad'), [11, 92, 173]);
});

t.test('tiles are whole multiples, as many in a row as fit', async (t) => {
  t.same(tile({ count: 12, width: 28, height: 28 }, { space: 300, size: 56 }), { columns: 5, rows: 3, width: 56, height: 56, totalHeight: 176 });
  t.match(tile({ count: 12, width: 3, height: 3 }, { space: 10_000, size: 48 }), { columns: 12, rows: 1, width: 48 }, 'never more than there are');
  t.match(tile({ count: 2, width: 100, height: 100 }, { space: 50, size: 56 }), { columns: 1, rows: 2, width: 100 }, 'and never less than one');
  const many = { count: 100, width: 28, height: 28 };
  t.equal(tile(many, { space: 400, size: sizeThatFits(many, { space: 400, height: 300, least: 28, most: 84 }) }).width, 28, 'small where there are many');
  t.equal(sizeThatFits({ ...many, count: 4 }, { space: 400, height: 300, least: 28, most: 84 }), 84, 'large where there are few');
});

t.test('the strongest is the greatest in the mean', async (t) => {
  t.equal(strongest({ height: 1, width: 2, count: 2, values: Float32Array.of(5, 3, 0, 3) }), 2);
  t.equal(strongest({ height: 1, width: 1, count: 2, values: Float32Array.of(0, 0) }), null, 'none, where nothing is there');
});
