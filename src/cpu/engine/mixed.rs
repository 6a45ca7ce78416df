//! Networks side by side of which the fused kernels take some and the general path the others. Which it is depends on the
//! network alone, so that it trains to the same bits in any company.

use crate::backend::{Chunk, Evaluation, Session, check_chunk, no_network};
use crate::model::Parameters;
use crate::{Error, Result};

/// Two sessions as one.
pub struct Mixed {
    sessions: [Box<dyn Session>; 2],
    /// Of each network, which session it is in.
    of: Vec<usize>,
}

impl Mixed {
    /// The networks of two sessions, in the order in which `of` names their sessions.
    pub fn new(sessions: [Box<dyn Session>; 2], of: Vec<usize>) -> Self {
        Self { sessions, of }
    }

    /// What both sessions have of their networks, in the order of the networks.
    fn merge<T>(&self, each: [Vec<T>; 2]) -> Vec<T> {
        let mut each = each.map(Vec::into_iter);
        self.of.iter().filter_map(|session| each[*session].next()).collect()
    }

    /// What a session has to do for each.
    fn both<T>(&mut self, act: impl Fn(&mut dyn Session) -> Result<Vec<T>>) -> Result<Vec<T>> {
        let [first, second] = &mut self.sessions;
        let each = [act(first.as_mut())?, act(second.as_mut())?];
        Ok(self.merge(each))
    }
}

impl Session for Mixed {
    fn plan_name(&self) -> &'static str {
        self.sessions[0].plan_name()
    }

    fn advance(&mut self, iterations: u32) -> Result<()> {
        check_chunk(iterations)?;
        self.sessions.iter_mut().try_for_each(|session| session.advance(iterations))
    }

    fn retire(&mut self, network: usize) -> Result<()> {
        let session = *self.of.get(network).ok_or_else(|| no_network(network, self.of.len()))?;
        let place = self.of[..network].iter().filter(|of| **of == session).count();
        self.sessions[session].retire(place)
    }

    fn restart(&mut self, start: &[Parameters]) -> Result<()> {
        if start.len() != self.of.len() {
            let message = format!("{} sets of parameters for {} networks", start.len(), self.of.len());
            return Err(Error::Mismatch(message));
        }
        let of = |session| start.iter().zip(&self.of).filter(move |(_, of)| **of == session);
        for (number, session) in self.sessions.iter_mut().enumerate() {
            session.restart(&of(number).map(|(start, _)| start.clone()).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    fn collect(&mut self) -> Result<Option<Chunk>> {
        let [first, second] = &mut self.sessions;
        let (Some(first), Some(second)) = (first.collect()?, second.collect()?) else { return Ok(None) };
        Ok(Some(Chunk {
            iterations: first.iterations,
            costs: self.merge([first.costs, second.costs]),
            parameters: self.merge([first.parameters, second.parameters]),
            moments: self.merge([first.moments, second.moments]),
        }))
    }

    fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        self.both(|session| session.evaluate())
    }

    fn gradients(&mut self) -> Result<Vec<Parameters>> {
        self.both(|session| session.gradients())
    }
}
