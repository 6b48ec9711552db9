/** A bird's outline where there is no reference picture yet: honest, and never another species' photo. */

export function Silhouette({ family }: { family: string | null }) {
  return (
    <span class="silhouette" aria-hidden="true" data-family={family ?? undefined}>
      <svg viewBox="0 0 48 48" fill="currentColor">
        <path d="M8 20.500c2-.9 3.600-1.700 5.200-2.900C14.900 13.200 18.400 11 22 11c4.800 0 8 3.200 8.600 8 4.400 2.800 8 7.400 10.900 13.200.4.900-.3 1.400-1.200 1.100-3-1-5.400-1.500-8-1.500-1.700 2.600-4.300 4.200-7.300 4.700V40h2v1.600h-6V40H22v-3.500c-6.500-.9-10-6.200-9.500-13.200-1.400-.7-3-1.500-4.500-2.800Z" />
      </svg>
    </span>
  );
}
