/** The picture on the first page: an avocet wading in still water. Decoration; its colours come from the styles. */

const LEGS = "M186 144 L184 164 L188 190 M204 144 L208 162 L204 190";

export function Wetland() {
  return (
    <svg class="wetland" viewBox="0 0 400 240" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
      <rect class="wetland__sky" width="400" height="190" />
      <circle class="wetland__sun" cx="96" cy="84" r="38" />
      <path class="wetland__far" d="M0 158c40-14 70-10 104-16s70-16 118-8 70 12 108 4 48-10 70-6v58H0Z" />
      <path class="wetland__near" d="M0 172c34-8 60-4 96-8s72-8 112-2 74 6 110 0 56-6 82-2v32H0Z" />
      <rect class="wetland__water" y="184" width="400" height="56" />
      <g class="wetland__glint">
        <path d="M40 200h52M64 208h26M232 204h34M250 212h70M330 198h40M120 226h44M300 228h30" />
      </g>
      <g class="wetland__reflection" transform="matrix(1 0 0 -0.5 0 279)">
        <Avocet />
      </g>
      <Avocet />
      <g class="wetland__glint">
        <path d="M168 190h44M176 195h30" />
      </g>
      <g class="wetland__reeds">
        <path d="M352 210c2-34 0-66 10-98M362 210c0-26 4-58-4-84M372 212c-2-30 6-52 14-74M346 208c-2-20-6-36-14-50M24 214c0-26-4-46-12-62M34 214c-2-30 4-54 10-72" />
        <path class="wetland__heads" d="M362 112v-16M358 126v-14M386 138l4-13" />
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
