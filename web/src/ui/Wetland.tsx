/** The picture on the first page: an avocet wading in still water. Decoration; its colours come from the styles. */

const LEGS = "M186 144 L184 164 L188 190 M204 144 L208 162 L204 190";

export function Wetland() {
  return (
    <svg class="wetland" viewBox="0 0 640 260" preserveAspectRatio="xMaxYMax slice" aria-hidden="true">
      <rect class="wetland__sky" width="640" height="210" />
      <circle class="wetland__sun" cx="520" cy="86" r="50" />
      <path class="wetland__far" d="M0 172c60-18 110-8 170-18s110-22 180-10 110 16 170 6 80-12 120-6v66H0Z" />
      <path class="wetland__near" d="M0 190c54-10 96-4 150-10s112-10 174-2 116 8 172 0 96-8 144-2v32H0Z" />
      <rect class="wetland__water" y="202" width="640" height="58" />
      <g class="wetland__glint">
        <path d="M40 218h62M84 226h26M300 232h70M566 216h46M180 244h44M520 246h38M590 236h30" />
        {/* Where the words stand on a wide screen. */}
        <path class="wetland__near-words" d="M250 222h44" />
      </g>
      <g class="wetland__reflection" transform="matrix(1 0 0 -0.45 268 294)">
        <Avocet />
      </g>
      <g transform="translate(268 18)">
        <Avocet />
      </g>
      <g class="wetland__glint">
        <path d="M436 208h44M444 213h30" />
      </g>
      <g class="wetland__reeds">
        <path d="M604 230c2-34 0-66 8-92M614 230c0-26 4-58-2-80M624 232c-2-30 4-52 10-70M598 228c-2-20-6-36-14-50" />
        <g class="wetland__near-words">
          <path d="M186 236c0-26-4-46-12-62M196 236c-2-30 4-54 10-72" />
          <path class="wetland__heads" d="M206 164l3-13" />
        </g>
        <path class="wetland__heads" d="M612 138l1-15M612 150v-14" />
      </g>
    </svg>
  );
}

function Avocet() {
  return (
    <g>
      <path class="wetland__legs" d={LEGS} />
      <path
        class="wetland__white"
        d="M112 129c20-20 56-33 90-33 16 0 25-9 28-24 3-19 15-27 26-22 10 4 11 15 4 22-8 8-9 18-11 29-5 29-31 47-63 47-30 0-58-7-74-19Z"
      />
      <path
        class="wetland__black"
        d="M262 59c-2-9-11-13-19-10-10 4-13 15-16 28-2 9-7 14-16 18 13 3 22-4 26-15 3-9 7-14 14-15 5-1 9-2 11-6Z"
      />
      <path class="wetland__black" d="M205 99c-22-1-44 4-62 14 22-3 43-3 64 0Z" />
      <path class="wetland__black" d="M219 119c-20-6-42-5-62 3 20 0 38 4 53 10 6-3 9-8 9-13Z" />
      <path class="wetland__black" d="M160 119c-20 0-42 6-60 12 22 7 46 6 66-1Z" />
      <path class="wetland__black" d="M260 58c24 11 46 11 66-8-16 22-42 25-67 15Z" />
      <circle class="wetland__eye" cx="251" cy="61" r="1.700" />
    </g>
  );
}
