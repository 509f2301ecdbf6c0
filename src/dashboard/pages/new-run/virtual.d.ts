declare module 'virtual:run-spec-schemas' {
  export const schemas: unknown;
}
