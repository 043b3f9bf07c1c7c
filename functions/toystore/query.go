package toystore

import "context"

type toyRequest struct {
	Name string `path:"name"`
}

// toyAnswer is how a toy reads over HTTP.
type toyAnswer struct {
	Name  string `json:"name"`
	Price string `json:"price"`
	Stock int64  `json:"stock"`
}

func answerOf(toy Toy) toyAnswer {
	return toyAnswer{Name: toy.Name, Price: FormatPrice(toy.Price), Stock: toy.Stock}
}

// query returns one toy, also one that is out of stock.
func (s *Service) query(ctx context.Context, in toyRequest) (toyAnswer, error) {
	toy, err := s.Query(ctx, in.Name)
	if err != nil {
		return toyAnswer{}, err
	}
	return answerOf(toy), nil
}
