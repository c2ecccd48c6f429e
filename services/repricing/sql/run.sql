select * from copq.repricing where repricing_id = $1
