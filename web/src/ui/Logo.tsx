/** The page's mark: an avocet's head with its upturned bill. The same drawing is public/icon.svg. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <clipPath id="logo-round">
        <circle cx="16" cy="16" r="16" />
      </clipPath>
      <g clip-path="url(#logo-round)">
        <rect class="logo__ground" width="32" height="32" />
        <path class="logo__white" d="M3 33C6 27 5 20 6.400 14.600 8 8.600 13.600 6.400 17.200 8.800c3 2 2.900 5.800.4 7.600-3 2.200-2.200 9 .8 16.600Z" />
        <path
          class="logo__black"
          d="M18.900 11.300c-1-3.800-6.700-5.200-10-1.700-2.900 3-2.700 8.600-4.600 13.800 3.500-2 4.300-6.700 6.600-9 2.300-2.200 6-1 8-3.100Z"
        />
        <path class="logo__black" d="M18.300 10.500c4.600 2.600 8.700 1.900 12-3-1.500 6.800-7.200 8.800-12.100 6.300Z" />
      </g>
    </svg>
  );
}
