// Where this installation listens; `tillhand pos extension FOLDER` writes it anew.
export const SERVER = "https://tillhand.example.com";
