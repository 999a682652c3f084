package sample

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The datasets of the sample files.
const (
	// Dataset is the dataset of annual figures.
	Dataset = "sti-annual"
	// MonthlyDataset is the dataset of monthly figures, year to date.
	MonthlyDataset = "sti-monthly"
)

// folderSuffixes are what follows the year in the name of a dataset's folder.
var folderSuffixes = map[string]string{Dataset: "", MonthlyDataset: "-ytd"}

// File is one area's submission for one year, or for every month of one, as long
// CSV in UTF-8 with the header
// indicator,period,value,unit,stage,status,qualifier,note.
type File struct {
	Year    int
	Area    string
	Dataset string
	// Name is the file's path in this package, 2021/320812.csv.
	Name string
	CSV  []byte
}

//go:embed 2020/*.csv 2021/*.csv 2021-ytd/*.csv
var files embed.FS

//go:embed published-2021.csv
var published []byte

// PublishedPeriod is the period of [Published].
const PublishedPeriod = "2021"

// Published returns the city figures that were published for 2021, as CSV with
// the header id,unit,value,qualifier,stage,change,change_kind,numerator,denominator.
// The samples are not computed from them; tests compare the city totals of the samples with
// them.
func Published() []byte { return slices.Clone(published) }

// Files returns every submission, ordered by year, with a year's months after its annual
// figures, and then by area.
func Files() []File {
	var all []File
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		folder, monthly := strings.CutSuffix(path.Dir(name), folderSuffixes[MonthlyDataset])
		year, err := strconv.Atoi(folder)
		if err != nil {
			return err
		}
		dataset := Dataset
		if monthly {
			dataset = MonthlyDataset
		}
		all = append(all, File{
			Year: year, Area: strings.TrimSuffix(path.Base(name), ".csv"), Dataset: dataset, Name: name, CSV: text,
		})
		return nil
	})
	if err != nil {
		panic(err) // the files are in the binary, so that none can be missing at run time
	}
	return all
}
