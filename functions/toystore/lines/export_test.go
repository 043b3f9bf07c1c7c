package lines

// What a test counts up to, or waits for.
const (
	Window = window
	Stall  = stall
)

// Split cuts what comes in such pieces into lines.
func Split(pieces [][]byte) (lines []string, err error) {
	var s splitter
	cut := func() bool {
		for {
			line, found, failed := s.next()
			if !found || failed != nil {
				err = failed
				return err == nil
			}
			lines = append(lines, string(line))
		}
	}
	for _, piece := range pieces {
		for len(piece) > 0 {
			n := copy(s.room(), piece)
			s.add(n)
			piece = piece[n:]
			if !cut() {
				return lines, err
			}
		}
	}
	s.ended = true
	cut()
	return lines, err
}
