/** What a chart shows, as a table that opens below it. */
import { messages } from "../i18n";

export interface Table {
  columns: readonly string[];
  /** The first cell of each row names it. */
  rows: readonly (readonly string[])[];
}

export function DataTable({ table, labelledBy }: { table: Table; labelledBy: string }) {
  return (
    <details class="chart__table">
      <summary>{messages.value.numbers.table}</summary>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby={labelledBy}>
        <table>
          <thead>
            <tr>
              {table.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map(([name, ...cells], index) => (
              <tr key={index}>
                <th scope="row">{name}</th>
                {cells.map((cell, column) => (
                  <td key={column}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
