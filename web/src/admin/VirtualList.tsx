/** A list of any length: only the rows in view are on the page, so that ten thousand scroll as ten do. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualListProps<T> {
  items: readonly T[];
  rowPx: number;
  label: string;
  keyOf: (item: T) => string;
  row: (item: T) => ComponentChildren;
  testId: string;
}

export function VirtualList<T>({ items, rowPx, label, keyOf, row, testId }: VirtualListProps<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useState(0);
  const options = {
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: 6,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw((before) => before + 1),
  };
  const [list] = useState(() => new Virtualizer<HTMLDivElement, HTMLDivElement>(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());

  return (
    <div class="scroll virtual" ref={scroller} tabIndex={0} role="group" aria-label={label} data-testid={testId}>
      <ul style={{ height: `${list.getTotalSize()}px` }}>
        {list.getVirtualItems().map((place) => {
          const item = items[place.index];
          if (item === undefined) return null;
          return (
            <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={place.index + 1} style={{ height: `${rowPx}px`, transform: `translateY(${place.start}px)` }}>
              {row(item)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
