/** The page's own icons, drawn on a 24 px grid; all are decoration beside words. */
import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      {children}
    </svg>
  );
}

export const CameraIcon = () => (
  <Icon>
    <path d="M4 8.5h3l1.6-2.6h6.8L17 8.5h3a1 1 0 0 1 1 1v8.6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9.5a1 1 0 0 1 1-1Z" />
    <circle cx="12" cy="13.4" r="3.4" />
  </Icon>
);
export const ImageIcon = () => (
  <Icon>
    <rect x="3" y="4.5" width="18" height="15" rx="2.5" />
    <path d="m4 17 5-5.2 3.6 3.6 2.6-2.4L20 17.2" />
    <circle cx="15.8" cy="9" r="1.4" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.8 4.4 4.4L19.2 7" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="10.8" cy="10.8" r="6.3" />
    <path d="m15.6 15.6 4.6 4.6" />
  </Icon>
);
export const QuestionIcon = () => (
  <Icon>
    <path d="M9 9.2a3.1 3.1 0 1 1 4.6 2.7c-1 .6-1.6 1.1-1.6 2.3" />
    <path d="M12 17.8v.1" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m6.5 6.5 11 11m0-11-11 11" />
  </Icon>
);
export const UndoIcon = () => (
  <Icon>
    <path d="M8.5 5 4.5 9l4 4" />
    <path d="M5 9h8.6a5.4 5.4 0 0 1 0 10.8H9" />
  </Icon>
);
export const OfflineIcon = () => (
  <Icon>
    <path d="M4 4l16 16M8.6 15.4a5 5 0 0 1 6 -.6M5 11.6a10.3 10.3 0 0 1 4.4-2.6M13.6 8.7A10.3 10.3 0 0 1 19 11.6" />
    <path d="M12 19v.1" />
  </Icon>
);
export const AlertIcon = () => (
  <Icon>
    <path d="M12 4 2.8 19.5h18.4Z" />
    <path d="M12 10.2v4.2m0 2.6v.1" />
  </Icon>
);
export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8.2" r="3.7" />
    <path d="M4.6 20c.6-4 3.6-6 7.4-6s6.800 2 7.400 6" />
  </Icon>
);
export const GridIcon = () => (
  <Icon>
    <rect x="3.5" y="3.5" width="7" height="7" rx="1.6" />
    <rect x="13.5" y="3.5" width="7" height="7" rx="1.6" />
    <rect x="3.5" y="13.5" width="7" height="7" rx="1.6" />
    <rect x="13.5" y="13.5" width="7" height="7" rx="1.6" />
  </Icon>
);
export const ChartIcon = () => (
  <Icon>
    <path d="M4 4v14.5A1.500 1.500 0 0 0 5.500 20H20" />
    <path d="M8.500 15.500v-4M12.800 15.500V7M17 15.500v-6" />
  </Icon>
);
export const TrashIcon = () => (
  <Icon>
    <path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l.8 12.500h9.400L17.500 7M10.200 10.800v5M13.800 10.800v5" />
  </Icon>
);
export const LockIcon = () => (
  <Icon>
    <rect x="5" y="10.5" width="14" height="9.500" rx="2" />
    <path d="M8.200 10.500V8a3.800 3.800 0 0 1 7.600 0v2.500" />
  </Icon>
);
export const ChevronIcon = () => (
  <Icon>
    <path d="m6.500 9.500 5.500 5.500 5.500-5.500" />
  </Icon>
);
export const LeverIcon = () => (
  <Icon>
    <path d="M4 7.5h8m5 0h3M4 16.5h3m5 0h8" />
    <circle cx="14.5" cy="7.5" r="2.4" />
    <circle cx="9.5" cy="16.5" r="2.4" />
  </Icon>
);
