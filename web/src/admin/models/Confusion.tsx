/** Where a version errs: families, then the species of one, then the photos; and how much its scores are worth. */
import type { ChartConfiguration } from "chart.js";
import { useCallback, useId, useMemo, useState } from "preact/hooks";
import { displayName, language, percent } from "../../i18n";
import { ChartCard, type Colours } from "../../numbers/Chart";
import { share, whole } from "../../numbers/figures";
import { Dialog } from "../../ui/Dialog";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import type { Confusion, StoredEvaluation } from "../types";
import { words } from "../words";
import { gridOf, type Grid } from "./matrix";

export function ConfusionPanel({ version }: { version: string }) {
  const admin = useAdmin();
  const t = words.value.models;
  const detail = useAsked(useCallback((signal) => admin.model(version, signal), [admin, version]));
  const evaluations = detail.value?.evaluations ?? [];
  const [chosen, setChosen] = useState<StoredEvaluation | null>(null);
  const shown = chosen ?? evaluations.find((one) => one.split === "test") ?? evaluations[0] ?? null;
  return (
    <section class="admin__part" aria-labelledby="confusion" data-testid="confusion">
      <h3 id="confusion">{t.confusionTitle}</h3>
      {detail.error !== null && <Failure error={detail.error} onRetry={detail.again} />}
      {detail.value !== null && shown === null && <p class="note">{t.notEvaluated}</p>}
      {evaluations.length > 1 && (
        <label class="admin__pick">
          {t.evaluation}
          <select onChange={(event) => setChosen(evaluations[event.currentTarget.selectedIndex] ?? null)}>
            {evaluations.map((one) => (
              <option key={`${one.snapshot_id} ${one.split}`} selected={one === shown}>
                {t.evaluationOf(t.splits[one.split], one.snapshot_id.slice(0, 8))}
              </option>
            ))}
          </select>
        </label>
      )}
      {shown !== null && <Evaluated version={version} of={shown} />}
    </section>
  );
}

function Evaluated({ version, of }: { version: string; of: StoredEvaluation }) {
  const admin = useAdmin();
  const asked = useAsked(useCallback((signal) => admin.confusion(version, of, signal), [admin, version, of]));
  if (asked.error !== null) return <Failure error={asked.error} onRetry={asked.again} />;
  return asked.value === null ? null : <Shown confusion={asked.value} />;
}

function Shown({ confusion }: { confusion: Confusion }) {
  const t = words.value.models;
  const lang = language.value;
  const [family, setFamily] = useState<string | null>(null);
  const [cell, setCell] = useState<{ species: string; answer: string | null } | null>(null);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the grid holds names, so another language makes it anew
  const grid = useMemo(() => gridOf(confusion, family), [confusion, family, lang]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- as above
  const calibration = useMemo(() => calibrationOf(confusion), [confusion, lang]);
  const familyName = confusion.species.find((one) => one.family.scientific === family)?.family;
  return (
    <>
      <p class="note">{family === null ? t.confusionText : t.confusionOf(familyName === undefined ? "" : displayName(familyName))}</p>
      {family !== null && (
        <button type="button" class="link" data-testid="all-families" onClick={() => setFamily(null)}>
          {t.allFamilies}
        </button>
      )}
      <HeatMap grid={grid} onCell={(row, column) => (family === null ? setFamily(row) : setCell({ species: row, answer: column }))} />
      {grid.more > 0 && <p class="note">{t.moreRows(whole(grid.more))}</p>}
      <ChartCard title={t.calibrationTitle} text={t.calibrationText} {...calibration} testId="calibration" />
      {cell !== null && <CellPhotos confusion={confusion} {...cell} onClose={() => setCell(null)} />}
    </>
  );
}

function HeatMap({ grid, onCell }: { grid: Grid; onCell: (row: string, column: string | null) => void }) {
  const t = words.value.models;
  const nameOf = (id: string): string => grid.names.get(id) ?? id;
  return (
    <div class="scroll heat" tabIndex={0} role="group" aria-labelledby="confusion">
      <table>
        <thead>
          <tr>
            <th scope="col">{t.shownTaken}</th>
            {grid.ids.map((id) => (
              <th key={id} scope="col">
                <span>{nameOf(id)}</span>
              </th>
            ))}
            <th scope="col">
              <span>{t.elsewhere}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {grid.ids.map((row) => (
            <tr key={row}>
              <th scope="row">{nameOf(row)}</th>
              {grid.ids.map((column) => {
                const cell = grid.cells.get(row)?.get(column);
                if (cell === undefined) return <td key={column} />;
                const label = t.cell(nameOf(row), nameOf(column), whole(cell.photos));
                return (
                  <td key={column}>
                    <button
                      type="button"
                      class={row === column ? "heat__right" : "heat__wrong"}
                      style={{ "--share": `${Math.round(8 + 30 * cell.share)}%` }}
                      data-row={row}
                      data-column={column}
                      aria-label={label}
                      title={label}
                      onClick={() => onCell(row, column)}
                    >
                      {whole(cell.photos)}
                    </button>
                  </td>
                );
              })}
              <td>
                <Elsewhere photos={grid.elsewhere.get(row) ?? 0} row={row} name={nameOf(row)} onOpen={() => onCell(row, null)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Elsewhere({ photos, row, name, onOpen }: { photos: number; row: string; name: string; onOpen: () => void }) {
  const t = words.value.models;
  if (photos === 0) return null;
  const label = t.cell(name, t.elsewhere, whole(photos));
  return (
    <button type="button" class="heat__wrong" style={{ "--share": "8%" }} data-row={row} data-column="elsewhere" aria-label={label} title={label} onClick={onOpen}>
      {whole(photos)}
    </button>
  );
}

function CellPhotos({ confusion, species, answer, onClose }: { confusion: Confusion; species: string; answer: string | null; onClose: () => void }) {
  const admin = useAdmin();
  const heading = useId();
  const t = words.value.models;
  const asked = useAsked(useCallback((signal) => admin.judgedPhotos(confusion, species, answer, signal), [admin, confusion, species, answer]));
  const nameOf = (id: string | null): string => {
    const found = confusion.species.find((one) => one.species_id === id);
    return found === undefined ? (id ?? "") : displayName(found.names);
  };
  return (
    <Dialog labelledBy={heading} onClose={onClose} testId="cell-photos">
      <h2 id={heading}>{t.cellTitle(nameOf(species), answer === null ? t.anything : nameOf(answer))}</h2>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value?.items.length === 0 && <p>{t.noPhotos}</p>}
      <ul class="grid">
        {asked.value?.items.map((photo) => (
          <li key={photo.photo_id}>
            <a href={photo.url} target="_blank" rel="noreferrer" class="judged">
              <img src={photo.url} alt={t.photoAlt(nameOf(photo.species_id), nameOf(photo.answer))} loading="lazy" decoding="async" />
              <span class="note">{percent(photo.score)}</span>
            </a>
          </li>
        ))}
      </ul>
      {asked.value !== null && asked.value.more > 0 && <p class="note">{t.morePhotos(whole(asked.value.more))}</p>}
    </Dialog>
  );
}

function calibrationOf(confusion: Confusion) {
  const t = words.value.models;
  const bins = confusion.bins;
  return {
    table: {
      columns: [t.score, t.right, t.photosColumn],
      rows: bins.map((bin) => [share(bin.mean_score), share(bin.right_ratio), whole(bin.photos)]),
    },
    config: (colours: Colours): ChartConfiguration => ({
      type: "line",
      data: {
        datasets: [
          { label: t.right, data: bins.map((bin) => ({ x: bin.mean_score, y: bin.right_ratio })), borderColor: colours.series[0] ?? colours.ink, backgroundColor: colours.series[0] ?? colours.ink, pointRadius: 4 },
          { label: t.ideal, data: [{ x: 0, y: 0 }, { x: 1, y: 1 }], borderColor: colours.muted, borderDash: [6, 6], pointRadius: 0 },
        ],
      },
      options: {
        scales: {
          x: { type: "linear", min: 0, max: 1, title: { display: true, text: t.score } },
          y: { min: 0, max: 1, title: { display: true, text: t.right } },
        },
      },
    }),
  };
}
