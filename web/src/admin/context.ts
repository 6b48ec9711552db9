/** Hands the admins' functions of the API to the sections. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { AdminApi } from "./api";

export const AdminContext = createContext<AdminApi | null>(null);

export function useAdmin(): AdminApi {
  const admin = useContext(AdminContext);
  if (admin === null) throw new Error("rendered outside the admin part");
  return admin;
}
