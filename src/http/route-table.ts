// Which methods an address has, for the Allow header of a 405. Fastify's router answers only for one method.

export interface RouteTable {
  /** A Fastify pattern: `:name` is one segment, `*` the rest, `::` a colon. */
  add(pattern: string, methods: string | readonly string[]): void;
  /** Sorted; empty when no route has the address. */
  methodsOf(url: string): string[];
}

export function createRouteTable(): RouteTable {
  const routes = new Map<string, { expression: RegExp; methods: Set<string> }>();
  return {
    add(pattern, methods) {
      const route = routes.get(pattern) ?? { expression: expressionOf(pattern), methods: new Set<string>() };
      for (const method of [methods].flat()) route.methods.add(method);
      routes.set(pattern, route);
    },
    methodsOf(url) {
      const path = url.split('?', 1)[0] ?? '';
      const found = [...routes.values()].filter(({ expression }) => expression.test(path));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
    },
  };
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern.split(/(::|:\w+|\*)/).map((part) => {
    if (part === '::') return ':';
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
