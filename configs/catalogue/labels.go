package catalogue

// Unknown is the label of what the catalogue does not have.
const Unknown = "unknown"

// Labels returns an area's code and a dataset's id as labels of a metric. Those
// that the catalogue does not have become [Unknown]: anyone may publish on any
// subject, and each value of a label costs memory for ever.
func (c *Catalogue) Labels(area, dataset string) (areaLabel, datasetLabel string) {
	if _, ok := c.Area(area); !ok {
		area = Unknown
	}
	if _, ok := c.Dataset(dataset); !ok {
		dataset = Unknown
	}
	return area, dataset
}
