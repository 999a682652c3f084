// Command generate writes the sample submissions below the working directory. Under go
// generate that is the folder of package sample.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/citytally/citytally/configs/sample"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir string) error {
	files, err := sample.Generate()
	if err != nil {
		return err
	}
	list, err := sample.GenerateList()
	if err != nil {
		return err
	}
	files = append(files, sample.File{Name: sample.ListName, CSV: list})
	for _, file := range files {
		path := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("create folder: %w", err)
		}
		if err := os.WriteFile(path, file.CSV, 0o644); err != nil {
			return fmt.Errorf("write sample: %w", err)
		}
	}
	return nil
}
